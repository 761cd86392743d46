// The simulated root by its fingerprint alone: code that does not trust it can say what it is.

/** SHA-256 of exponent and modulus as stored in the certificate (1,024 bytes), in hex. */
export const SIMULATED_ARK_SHA256 = '5c7fcb3d5d7a36b1e46d9540ea8ce2f71f136f0bb4eaa9be53de06da4315ba4a';
