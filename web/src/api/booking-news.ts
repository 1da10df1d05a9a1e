const NAME = 'frontrow.bookings';

/** Says to the other tabs of the fan that a booking was made here. */
export function tellOfBooking(): void {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage('');
  channel.close();
}

/** Calls `act` when another tab has made a booking. The function that it returns ends this. */
export function onBookingElsewhere(act: () => void): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = act;
  return () => channel.close();
}
