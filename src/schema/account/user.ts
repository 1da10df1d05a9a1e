import { findViewerAccount } from '#domain/account/account-queries.ts';
import type { User as UserModel } from '#domain/account/session-statements.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { findNodesOf, Node } from '../node.ts';

/** Always the viewer: no field returns another person's account. */
export const User = builder.objectRef<UserModel>('User');

User.implement({
  description: 'The signed-in viewer: an account, or a guest of one session.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (user) => encodeGlobalId('User', user.id) }),
    email: t.exposeString('email', { description: 'The e-mail address of the viewer.' }),
    displayName: t.exposeString('displayName', { description: 'The name that the viewer chose.' }),
  }),
});

const findViewer = async ({ viewer, resources }: Context): Promise<UserModel | undefined> =>
  viewer && findViewerAccount(resources, viewer);

findNodesOf('User', async (id, context) => (context.viewer?.userId === id ? findViewer(context) : undefined));

builder.queryField('viewer', (t) =>
  t.field({
    type: User,
    nullable: true,
    description: 'The signed-in viewer; null without a sign-in.',
    resolve: (_root, _args, context) => findViewer(context),
  }),
);
