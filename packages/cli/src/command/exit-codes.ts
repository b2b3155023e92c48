/** What `millrace` ends with. */
export const EXIT = {
  /** Done; of a comparison: equal. */
  ok: 0,
  /** Of a comparison or look-up: different, not as it must be, not there. */
  different: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  usage: 2,
  /** A server cannot be reached, or something stands with an alarm that a person must look at. */
  unreachable: 3,
  /** A bug, in the words of sysexits.h an internal software error. */
  bug: 70,
} as const;
