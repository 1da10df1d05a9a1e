import { gauge } from './metrics.ts';

const violations = gauge({
  name: 'frontrow_invariant_violations',
  help: 'Rows that break an invariant of the booking database (docs/runbooks/oversold-alarm.md), 100 at most. Only in the worker whose turn it was.',
  labelNames: ['id'],
});
const checkedAt = gauge({
  name: 'frontrow_invariant_check_timestamp_seconds',
  help: 'When the last complete check of an invariant ended, in seconds since 1970. A check whose query takes more than a second is not complete.',
  labelNames: ['id'],
});

export function setInvariants(
  checked: readonly { readonly id: string; readonly violations: number | undefined }[],
): void {
  for (const { id, violations: found } of checked) {
    if (found === undefined) violations.remove({ id });
    else {
      violations.set({ id }, found);
      checkedAt.set({ id }, Date.now() / 1000);
    }
  }
}

/** Another process checks now, so the results of this one are outdated. */
export function forgetInvariants(): void {
  violations.reset();
  checkedAt.reset();
}
