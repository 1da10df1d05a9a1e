// The page docs/reference/rights.md. `npm run rights:print` writes it; test/rights-page.test.ts compares.
import { writeFileSync } from 'node:fs';
import { type OrganizerOperation, organizationRoles, rights } from '#domain/organization/rights-rules.ts';

const INTRODUCTION = `# Who may do what in an organization

Written by \`npm run rights:print\` from \`src/domain/organization/rights-rules.ts\`, the table that every organizer's operation
asks. [Organizations](../recipes/organizations.md) says how members, invitations and access keys work.

- A member whose role has no "yes" gets \`NotAllowed\`: a member of the result union of a mutation, the error \`NOT_ALLOWED\` of a
  query or subscription. Everyone else gets the answer for an unknown id: \`NotFound\`, or null for a query.
- An access key has the rights of its role, except where the column says that it has none.
- ADMIN is the role of an account of Frontrow (\`npm run account -- --role admin\`) and needs no membership.
- \`createOrganization\` and \`acceptInvitation\` need an account and no role: guests and access keys get \`NotAllowed\`.
- \`Query.node\` stands for an \`Organization\`.
`;

const columns = [...organizationRoles, 'ADMIN', 'access keys'];

/** Returns the text of docs/reference/rights.md. */
export function rightsText(): string {
  const operations = Object.keys(rights) as OrganizerOperation[];
  const rows = operations.map((operation) => {
    const { roles, admins, accessKeys } = rights[operation];
    const cells = organizationRoles.map((role) => (roles as readonly string[]).includes(role));
    return [`\`${operation}\``, ...[...cells, admins, accessKeys].map((may) => (may ? 'yes' : ''))];
  });
  const lines = [['operation', ...columns], ['---', ...columns.map(() => '---')], ...rows];
  return `${INTRODUCTION}\n${lines.map((cells) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |').replaceAll('|  |', '| |')).join('\n')}\n`;
}

if (import.meta.main) writeFileSync(new URL('../docs/reference/rights.md', import.meta.url), rightsText());
