import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from "@grpc/grpc-js";
import type { InFlight, Lease } from "../in-flight.ts";
import { statusOf } from "./status.ts";

export interface AdmissionOptions {
  readonly inFlight: InFlight;
  /** Throws the answer for a call that is not let in; called before its message is read. */
  readonly check: (metadata: Metadata) => void;
  /** Called with the status of each call that was answered. */
  readonly answered: (code: number) => void;
}

/** Stands in front of all calls: lets them in before their message is read, and holds their share of the budget. */
export function admission({ inFlight, check, answered }: AdmissionOptions): ServerInterceptor {
  return (_method, call) => {
    let lease: Lease | undefined;
    const attempt = (work: () => void): boolean => {
      try {
        work();
        return true;
      } catch (failure) {
        guarded.sendStatus(statusOf(failure));
        return false;
      }
    };
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const enter = () => {
          check(metadata);
          lease = inFlight.enter();
        };
        if (attempt(enter)) next(metadata);
      })
      .withOnReceiveMessage((message: Buffer, next) => {
        if (attempt(() => lease?.take(message.length))) next(message);
      })
      .withOnCancel(() => lease?.release())
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((status, next) => {
        lease?.release();
        answered(status.code);
        next(status);
      })
      .build();
    const guarded = new ServerInterceptingCall(call, responder);
    return guarded;
  };
}
