import fc from "fast-check";

/** Property tests draw the same cases in each run, so that a run fails for what the code does; another seed tries others. */
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 1) });
