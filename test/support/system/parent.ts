import type { Reply } from './child.ts';

/** Answers the questions of the parent, with one handler for each; ends with the parent. */
export function answerParent<Question>(
  handle: (question: Question, tell: (moment: string) => void) => Promise<unknown>,
): void {
  const send = (reply: Reply) => process.send?.(reply);
  process.on('message', ({ id, question }: { id?: number; question: Question }) => {
    if (id === undefined) return;
    handle(question, (moment) => send({ id, moment })).then(
      (answer) => send({ id, answer }),
      (error: unknown) => send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
