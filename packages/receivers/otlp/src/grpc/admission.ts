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
  /** Rejects with the answer for a call that is not let in; called before its message is read. */
  readonly check: (metadata: Metadata) => Promise<void>;
  /** Called with the status of each call that was answered. */
  readonly answered: (code: number) => void;
}

/** Stands in front of all calls: lets them in before their message is read, and holds their share of the budget. */
export function admission({ inFlight, check, answered }: AdmissionOptions): ServerInterceptor {
  return (_method, call) => {
    let lease: Lease | undefined;
    let cancelled = false;
    const refuse = (failure: unknown) => guarded.sendStatus(statusOf(failure));
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        check(metadata)
          .then(() => {
            if (cancelled) return;
            lease = inFlight.enter();
            next(metadata);
          })
          .catch(refuse);
      })
      .withOnReceiveMessage((message: Buffer, next) => {
        try {
          lease?.take(message.length);
        } catch (failure) {
          refuse(failure);
          return;
        }
        next(message);
      })
      .withOnCancel(() => {
        cancelled = true;
        lease?.release();
      })
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
