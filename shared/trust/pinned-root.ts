// What a pinned root is: the fingerprint of a root key that chains may lead to, and what is known about it.

/** Processor families that share AMD's signing keys; `simulated` is the published test root, never AMD's. */
export type Generation = 'naples' | 'rome' | 'milan' | 'genoa' | 'turin' | 'simulated';

/** Product lines of SEV-SNP, as AMD's X.509 names them. */
export type ProductLine = 'Milan' | 'Genoa' | 'Turin';

/** A key by its id and by what counts: the hash of its whole public key. */
export interface PinnedKey {
  /** 16 bytes in hex. Anybody can copy it, so it proves nothing; it is here to unmask those who did. */
  readonly keyId: string;
  /** SHA-256 of exponent and modulus as stored in the certificate (512 or 1,024 bytes), in hex. */
  readonly keySha256: string;
}

/** One root (ARK) that is trusted by the hash of its whole public key. */
export interface PinnedRoot extends PinnedKey {
  readonly generation: Generation;
  /** As people know it: `Naples (EPYC 7001)`. */
  readonly name: string;
  readonly simulated: boolean;
  /** The width of its key and its ASK's: 2,048 bits go with SHA-256, 4,096 with SHA-384. */
  readonly modulusSizeBits: 2048 | 4096;
  /** The ASK that this root is known to have signed. A different one is no fault, but worth a word. */
  readonly ask: PinnedKey;
  /** AMD serves this root's certificate without its signature, so the pin alone vouches for it. */
  readonly servedWithoutSignature?: true;
  /** The SNP product lines whose X.509 root carries this very key; none before Milan. */
  readonly snpProducts?: readonly ProductLine[];
  /** Where the file with ASK and ARK can be had. */
  readonly caCertsUrl?: string;
  /** The certificates themselves, where they are ours to give: only those of the simulated root. */
  readonly certificates?: { readonly ask: Uint8Array; readonly ark: Uint8Array };
}
