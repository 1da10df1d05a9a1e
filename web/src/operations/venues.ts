import { graphql } from '../api/graphql.ts';

const VENUE = graphql(`
  fragment VenueParts on Venue { id name address city countryCode timeZone location { latitude longitude } }
`);

const PLAN = graphql(`
  fragment PlanParts on SeatingPlan { id name version status seatCount createdAt publishedAt }
`);

export const VENUE_WITH_PLANS = graphql(
  `
  query VenueWithPlans($id: ID!) {
    venue(id: $id) { ...VenueParts capacity seatingPlans(first: 50) { nodes { ...PlanParts } } }
  }
`,
  [VENUE, PLAN],
);

export const SEATING_PLAN = graphql(
  `
  query SeatingPlan($id: ID!) {
    node(id: $id) {
      id
      ... on SeatingPlan { ...PlanParts layout { hash url seatCount } venue { id name } sections { id label kind places } }
    }
  }
`,
  [PLAN],
);

export const CREATE_VENUE = graphql(
  `
  mutation CreateVenue($input: CreateVenueInput!) {
    createVenue(input: $input) {
      __typename
      ... on CreateVenueSuccess { venue { ...VenueParts } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [VENUE],
);

export const UPDATE_VENUE = graphql(
  `
  mutation UpdateVenue($input: UpdateVenueInput!) {
    updateVenue(input: $input) {
      __typename
      ... on UpdateVenueSuccess { venue { ...VenueParts } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [VENUE],
);

export const CREATE_UPLOAD = graphql(`
  mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) {
      __typename
      ... on CreateUploadSuccess { upload { id url } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const IMPORT_PLAN = graphql(
  `
  mutation ImportSeatingPlan($input: ImportSeatingPlanInput!) {
    importSeatingPlan(input: $input) {
      __typename
      ... on ImportSeatingPlanSuccess { seatingPlan { ...PlanParts } warnings { path message } }
      ... on InvalidSeatingPlan { fileProblems: problems { path message } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [PLAN],
);

export const PUBLISH_PLAN = graphql(
  `
  mutation PublishSeatingPlan($input: PublishSeatingPlanInput!) {
    publishSeatingPlan(input: $input) {
      __typename
      ... on PublishSeatingPlanSuccess { seatingPlan { ...PlanParts layout { hash url seatCount } } }
      ... on Refusal { code message }
    }
  }
`,
  [PLAN],
);
