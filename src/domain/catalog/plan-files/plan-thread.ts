import { parentPort, workerData } from 'node:worker_threads';
import { type PlanTask, runPlanTask } from './plan-tasks.ts';

/** The entry of a thread, which runs one task and ends. The bytes are moved to the other thread, not copied. */
const result = await runPlanTask(workerData as PlanTask);
const moved = new Set<ArrayBuffer>();
if ('plan' in result) for (const lines of result.plan.seatLines) if (isWhole(lines)) moved.add(lines.buffer);
parentPort?.postMessage(result, [...moved]);

/** A small Buffer is a part of memory that others share. */
function isWhole(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
}
