/** What `bench/peers/nact.mjs` exports. */
export interface NactPeer {
  open(): {
    /** A query: the reply, with nact's own deadline of 60 s. */
    ask(n: number): Promise<{ readonly n: number }>;
    /** A dispatch to the counting actor. */
    tell(n: number): void;
    /** Resolves when the counting actor's total has reached a number. */
    counted(total: number): Promise<void>;
    stop(): void;
  };
}
