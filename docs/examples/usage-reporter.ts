import type { OperationPlugin } from '../../src/graphql/plugin.ts';

const usage: OperationPlugin = {
  onExecutionResult({ context: { call } }) {
    process.stdout.write(`${JSON.stringify({ used: call.operation?.name, over: call.way.transport })}\n`);
  },
};

export const plugins = [usage];
