import { graphql } from '../api/graphql.ts';

export const EVENT_HEAD = graphql(`
  query EventHead($id: ID!) {
    event(id: $id) { id title status organization { id name viewerRole } venue { id timeZone } }
  }
`);

export const REFUND = graphql(`
  mutation RefundTickets($input: RefundTicketsInput!) {
    refundTickets(input: $input) {
      __typename
      ... on RefundTicketsSuccess {
        booking { id tender }
        refund { id status amount { amountMinor currency decimals } tickets { id status } }
      }
      ... on NotRefundable { ticketIds }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const ORGANIZATION_MONEY = graphql(`
  query OrganizationMoney($id: ID!) {
    node(id: $id) {
      id
      ... on Organization { name viewerRole events(last: 50) { nodes { id currency } } }
    }
  }
`);

export const STATEMENT = graphql(`
  query Statement($id: ID!, $from: DateTime!, $to: DateTime!, $currency: String!) {
    node(id: $id) {
      id
      ... on Organization {
        statement(from: $from, to: $to, currency: $currency) {
          opening { amountMinor currency decimals }
          lines { kind count amount { amountMinor currency decimals } }
          closing { amountMinor currency decimals }
          held { amountMinor currency decimals }
          available { amountMinor currency decimals }
          isFinal
        }
      }
    }
  }
`);

export const JOURNAL = graphql(`
  query JournalExport($id: ID!, $from: DateTime!, $to: DateTime!, $currency: String!) {
    node(id: $id) { id ... on Organization { journalExport(from: $from, to: $to, currency: $currency) { url expiresAt } } }
  }
`);

export const RECORD_PAYOUT = graphql(`
  mutation RecordPayout($input: RecordPayoutInput!) {
    recordPayout(input: $input) {
      __typename
      ... on RecordPayoutSuccess { payout { amount { amountMinor currency decimals } paidAt reference } }
      ... on PayoutTooLarge { available { amountMinor currency decimals } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);
