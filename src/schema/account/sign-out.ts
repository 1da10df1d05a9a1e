import { signOut } from '#domain/account/sign-out.ts';
import { builder } from '../builder.ts';
import { requireViewer } from '../viewer.ts';

builder.mutationField('signOut', (t) =>
  t.boolean({
    description: 'Ends the session of the access token in the request. Always returns true.',
    resolve: (_root, _args, context) => signOut(context.resources, requireViewer(context)),
  }),
);
