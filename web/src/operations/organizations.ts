import { graphql } from '../api/graphql.ts';

export const ORGANIZATION = graphql(`
  query Organization($id: ID!) {
    node(id: $id) {
      id
      ... on Organization {
        name countryCode viewerRole
        venues(first: 50) { nodes { id name city countryCode capacity } }
      }
    }
  }
`);

export const PEOPLE = graphql(`
  query People($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on Organization {
        name viewerRole
        members(first: 50, after: $after) {
          nodes { userId email displayName role since }
          pageInfo { endCursor hasNextPage }
        }
        invitations { id email role expiresAt }
        accessKeys { id name role createdAt expiresAt lastUsedAt }
      }
    }
  }
`);

export const INVITE = graphql(`
  mutation InviteMember($input: InviteMemberInput!) {
    inviteMember(input: $input) {
      __typename
      ... on InviteMemberSuccess { token invitation { id email role expiresAt } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const ACCEPT = graphql(`
  mutation AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      __typename
      ... on AcceptInvitationSuccess { organization { id name viewerRole } }
      ... on Refusal { code message }
    }
  }
`);

export const CHANGE_MEMBER = graphql(`
  mutation ChangeMember($input: ChangeMemberInput!) {
    changeMember(input: $input) {
      __typename
      ... on ChangeMemberSuccess { member { userId role } }
      ... on Refusal { code message }
    }
  }
`);

export const REMOVE_MEMBER = graphql(`
  mutation RemoveMember($input: RemoveMemberInput!) {
    removeMember(input: $input) {
      __typename
      ... on RemoveMemberSuccess { member { userId } }
      ... on Refusal { code message }
    }
  }
`);

export const CREATE_KEY = graphql(`
  mutation CreateAccessKey($input: CreateAccessKeyInput!) {
    createAccessKey(input: $input) {
      __typename
      ... on CreateAccessKeySuccess { secret accessKey { id name } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const REVOKE_KEY = graphql(`
  mutation RevokeAccessKey($input: RevokeAccessKeyInput!) {
    revokeAccessKey(input: $input) {
      __typename
      ... on RevokeAccessKeySuccess { accessKey { id } }
      ... on Refusal { code message }
    }
  }
`);
