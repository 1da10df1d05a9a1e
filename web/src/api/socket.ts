import { openSocket } from '@frontrow/seatmap/socket';
import { requestHeaders } from './headers.ts';
import { whenRenewed } from './socket-renewal.ts';

/** One socket for all subscriptions of the page, that of the seat map too. It is made again when it is lost. */
export const socket = openSocket({
  url: new URL('/graphql', location.href).href.replace(/^http/, 'ws'),
  connectionParams: async () => {
    const { 'frontrow-admission': admission, 'frontrow-place': place, ...rest } = await requestHeaders();
    return { ...rest, ...(admission && { admission }), ...(place && { place }) };
  },
});

whenRenewed(() => socket.terminate());
