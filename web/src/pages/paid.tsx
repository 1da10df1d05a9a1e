import { Navigate } from '@tanstack/react-router';
import { useTexts } from '../texts/texts.ts';

/** The gateway sends the fan here. The tab remembers which booking was paid for. */
export function PaidPage() {
  const texts = useTexts();
  const bookingId = sessionStorage.getItem('frontrow.booking');
  return (
    <p className="state" role="status">
      {texts.backFromPaying}
      {bookingId ? (
        <Navigate to="/bookings/$bookingId" params={{ bookingId }} replace />
      ) : (
        <Navigate to="/bookings" replace />
      )}
    </p>
  );
}
