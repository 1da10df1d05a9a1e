import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment, Problem } from '#config/parse.ts';
import type { OperationPlugin } from '#graphql/plugin.ts';

const HOOKS: readonly string[] = [
  'instrumentation',
  'onContextBuilding',
  'onDispose',
  'onEnveloped',
  'onExecute',
  'onExecutionResult',
  'onParams',
  'onParse',
  'onPluginInit',
  'onRequest',
  'onRequestParse',
  'onResponse',
  'onResultProcess',
  'onSchemaChange',
  'onSubscribe',
  'onValidate',
  'onYogaInit',
] satisfies readonly (keyof OperationPlugin)[];
const FIX = 'export a list `plugins` of plug-ins of GraphQL Yoga or Envelop, see docs/recipes/plug-ins.md';

/** Returns the plug-ins in the module that PLUGINS names, or the problem of that module. */
export async function readPlugins(env: Environment): Promise<{ plugins: OperationPlugin[]; problems: Problem[] }> {
  const path = env.PLUGINS;
  if (!path) return { plugins: [], problems: [] };
  const refuse = (what: string) => ({ plugins: [], problems: [{ name: 'PLUGINS', message: `${path} ${what}` }] });
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(resolve(path)).href)) as { plugins?: unknown }).plugins;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return refuse(`cannot be loaded (${reason}): name a TypeScript or JavaScript module`);
  }
  if (!Array.isArray(exported) || exported.length === 0) return refuse(`has no plug-ins: ${FIX}`);
  for (const [index, plugin] of exported.entries()) {
    const problem = problemOf(plugin);
    if (problem) return refuse(`has no plug-in at ${index} (${problem}): ${FIX}`);
  }
  return { plugins: exported, problems: [] };
}

/** A hook whose name is misspelt would never be called. */
function problemOf(plugin: unknown): string | undefined {
  if (typeof plugin !== 'object' || plugin === null) return `it is a ${typeof plugin}`;
  const names = Object.keys(plugin);
  const unknown = names.find((name) => /^on[A-Z]/.test(name) && !HOOKS.includes(name));
  if (unknown) return `the hook ${unknown} does not exist`;
  return names.some((name) => HOOKS.includes(name)) ? undefined : 'it has no hook';
}
