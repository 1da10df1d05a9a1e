import { longerMsOf } from './long-operations.ts';
import { isBusy, type OverloadControl, tryAgain } from './overload/overload-control.ts';
import { type OperationPlugin, paramsOf } from './plugin.ts';

/** Refuses operations of a busy process, those first for which a fan loses least. Without a control none is refused. */
export function useOverloadControl(control: OverloadControl | undefined): OperationPlugin {
  if (!control) return {};
  return {
    onParse({ context }) {
      const { call } = context;
      if (!call.arrival) {
        const arrival = control.arrive(paramsOf(context), () => control.holders.has(call.caller.viewer?.userId));
        if (isBusy(arrival)) throw tryAgain(arrival);
        call.arrival = arrival;
      }
      call.slot = control.enter(call.arrival);
    },
    onContextBuilding({ context: { call } }) {
      return call.slot?.ready;
    },
    onExecute({ args }) {
      args.contextValue.call.isExecuted = true;
    },
    onSubscribe({ args }) {
      args.contextValue.call.isExecuted = true;
    },
    onExecutionResult({ context: { call } }) {
      // The time of an operation that takes seconds by its nature says nothing about the load.
      call.slot?.leave(call.isExecuted === true && longerMsOf(call.operation?.field) === undefined);
    },
  };
}
