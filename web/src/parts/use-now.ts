import { useEffect, useState } from 'react';
import { clock } from '../api/transport.ts';

/** Returns the instant on the clock of the server, anew each second. */
export function useNow(): number {
  const [now, setNow] = useState(() => clock.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
