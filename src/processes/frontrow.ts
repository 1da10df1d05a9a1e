#!/usr/bin/env node
import { commands, list } from './command-line.ts';
import { sentenceOf } from './sentence.ts';

/**
 * `frontrow <command> [arguments]`: the commands for operators, under one name. Each command is a file in this folder
 * and is loaded only when it is run.
 */
const [name = '', ...args] = process.argv.slice(2);
if (Object.hasOwn(commands, name)) await run(name);
else if (name === '' || name === 'help' || name === '--help' || name === '-h') console.log(list());
else {
  console.error(`There is no command "${name}".\n\n${list()}`);
  process.exitCode = 2;
}

async function run(command: string): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(commands[command]?.usage());
    return;
  }
  // The command's file reads its arguments as if it had been started itself.
  process.argv.splice(2, 1);
  try {
    await import(`./${command}.ts`);
  } catch (error) {
    process.exitCode = 1;
    const sentence = sentenceOf(error);
    // Without a known sentence the error is a bug, and its stack shows where.
    console.error(sentence ?? error);
    if (isBadArgument(error)) console.error(commands[command]?.usage());
  }
}

/** True for the error of parseArgs for an unknown or incomplete option. */
function isBadArgument(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
