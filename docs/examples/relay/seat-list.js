import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';

/** The free seats of an event, a page at a time. The seat map is a Node: Relay reads the next pages by its id. */
export function SeatList({ eventId }) {
  const query = graphql`
    query seatListQuery($eventId: ID!) {
      seatMap(eventId: $eventId) {
        id
        version
        ...seatListSeats
      }
    }
  `;
  const { seatMap } = useLazyLoadQuery(query, { eventId });
  const { data, loadNext, hasNext } = usePaginationFragment(
    graphql`
      fragment seatListSeats on SeatMap
      @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
      @refetchable(queryName: "seatListPageQuery") {
        seats(first: $count, after: $cursor, status: AVAILABLE) @connection(key: "SeatList_seats") {
          edges {
            node {
              seat {
                id
                row
                label
              }
              price {
                amountMinor
                currency
              }
            }
          }
        }
      }
    `,
    seatMap,
  );
  return { seats: data.seats.edges.map(({ node }) => node), loadNext, hasNext };
}
