// The verb `oca`: the platform owner's key and certificate, and the owner's signature on a platform's request.
import { join } from 'node:path';
import { toHex } from '../../shared/bytes/text.ts';
import { placedIn, SevError } from '../../shared/errors.ts';
import type { SevCert } from '../../shared/sev/formats/sev-cert.ts';
import { expectPiece } from '../../shared/intake/expect-piece.ts';
import {
  exportOwnerKey,
  importOwnerKey,
  makeOwnerKey,
  type OwnerKey,
  type OwnerKeyForm,
} from '../../shared/sev/session/owner-key.ts';
import {
  makeOcaCertificate,
  parsePekCsr,
  signPekCsr,
  unreadableCsr,
  verifyOca,
} from '../../shared/sev/session/ownership.ts';
import { sevctlId } from '../../shared/sev/verify/cert-id.ts';
import { freeValues, type Given, type OptionTable } from './options.ts';
import { readFile } from './platform-files.ts';
import { makePrivateFolder } from './private-folder.ts';
import { readSmallFile } from './read-file.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';
import { type Output, writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier oca generate CERT KEY [--format FORMAT]
       sev-verifier oca sign CSR KEY [--oca CERT] [--pek PEK] [--out DIR]

generate makes a key and a certificate for the owner of platforms (OCA).
sign signs a platform's request, pek_csr.cert of sev-tool or sev-relay, here on the owner's own device, and writes
pek_csr.signed.cert and oca.cert: the two that the platform imports.

  --format FORMAT   the form of the new key: pem (for sev-tool; the default), der (for sevctl), pkcs8 (PEM)
  --oca CERT        the owner's certificate; without it a new one is made for the key
  --pek PEK         the PEK of the platform's chain, to make sure that the request is of this platform
  --out DIR         where sign writes (default: here)
  --force           replace files that are there
  --json            one JSON object instead

KEY may be PEM or DER, SEC 1 or PKCS #8, on secp384r1. The new one is readable by you alone (0600), and goes only into a
folder that others can neither read nor write.

Exit codes: 0 written; 1 refused: a request or certificate that is not as it should be; 2 wrong use or unreadable input.
`;

const OPTIONS = {
  format: { kind: 'text' },
  oca: { kind: 'text' },
  pek: { kind: 'text' },
  out: { kind: 'text' },
  force: { kind: 'flag' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: ({ options, free }): Promise<Result> => {
    const [what, ...rest] = free;
    if (what === 'generate') return generate(freeValues(rest, 'CERT', 'KEY') as [string, string], options);
    if (what === 'sign') return sign(freeValues(rest, 'CSR', 'KEY') as [string, string], options);
    throw usage('', 'It is `oca generate` or `oca sign`.');
  },
});

const FORMS: Readonly<Record<string, OwnerKeyForm>> = { pem: 'sec1-pem', der: 'sec1-der', pkcs8: 'pkcs8-pem' };

async function generate([cert, keyFile]: [string, string], { format = 'pem', force }: Options): Promise<Result> {
  const form = FORMS[format];
  if (form === undefined) throw usage('--format', 'It is pem, der or pkcs8.');
  const key = await makeOwnerKey({ extractable: true });
  const oca = await verifyOca(await makeOcaCertificate(key));
  const secret = await exportOwnerKey(key, form);
  try {
    return await write(oca, force, { path: keyFile, bytes: secret, isKey: true }, { path: cert, bytes: oca.bytes });
  } finally {
    secret.fill(0);
  }
}

async function sign([csrFile, keyFile]: [string, string], { oca: ocaFile, pek, out, force }: Options): Promise<Result> {
  const request = await readCertificate(csrFile, 'pek-csr').catch((error: unknown) =>
    Promise.reject(unreadableCsr(error) as Error),
  );
  const csr = parsePekCsr(request.bytes, pek === undefined ? undefined : await readCertificate(pek, 'pek'), csrFile);
  const key = await readOwnerKey(keyFile);
  const oca = await (ocaFile === undefined
    ? verifyOca(await makeOcaCertificate(key))
    : verifyOca((await readCertificate(ocaFile, 'oca')).bytes, ocaFile));
  const signed = await signPekCsr(csr, { key, oca });
  if (out !== undefined) await makePrivateFolder(out);
  const folder = out ?? '.';
  return write(
    oca,
    force,
    { path: join(folder, 'pek_csr.signed.cert'), bytes: signed },
    { path: join(folder, 'oca.cert'), bytes: oca.bytes },
  );
}

/** The one in this file: alone, or among others of a chain. One alone of another kind is its own reader's to refuse. */
async function readCertificate(path: string, kind: 'pek-csr' | 'pek' | 'oca'): Promise<SevCert> {
  const pieces = await readFile(path);
  const [only, ...others] = pieces;
  const isSevCert = only && others.length === 0 && 'cert' in only && 'publicKey' in only.cert;
  return isSevCert && kind !== 'pek' ? only.cert : expectPiece(pieces, kind, path).cert;
}

async function readOwnerKey(path: string): Promise<OwnerKey> {
  const bytes = await readSmallFile(path, 16_384);
  try {
    return await importOwnerKey(bytes, { extractable: false });
  } catch (error) {
    throw error instanceof SevError ? placedIn(error, path) : error;
  } finally {
    bytes.fill(0);
  }
}

async function write(oca: SevCert, force: boolean, ...outputs: readonly Output[]): Promise<Result> {
  await writeOutputs(outputs, force);
  const id = await sevctlId(oca);
  const files = outputs.map(({ path, isKey = false }) => ({ path, secret: isKey }));
  const lines = files.map(({ path, secret }) => `  ${path}${secret ? '   keep secret' : ''}`);
  return {
    exitCode: 0,
    json: { status: 'done', ocaId: id, publicKey: toHex(oca.publicKey.x), files },
    text: [`Owner (OCA) ${id}`, ...lines, ''].join('\n'),
  };
}
