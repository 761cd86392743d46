// Fuzz targets of certificates, reports, keys and the intake: each takes any bytes, and either returns or throws a SevError.
// A verifying target also throws when it accepts what is no seed.
import { p384 } from '@noble/curves/nist.js';
import { ascii, fromBase64, toBase64, toHex, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { encodeAttestationReport, parseAttestationReport } from '../sev/formats/attestation-report.ts';
import { encodeCaCert, parseCaCert } from '../sev/formats/ca-cert.ts';
import { encodeCertChain, parseCaPair, parseCertChain } from '../sev/formats/cert-chain.ts';
import { readDer } from '../encodings/der.ts';
import { encodePkcs8, encodeSec1, parseEcPrivateKey, toPem } from '../encodings/ec-private-key.ts';
import { ecdsaSlotValue, encodeSevCert, parseSevCert, type SevCertUsage } from '../sev/formats/sev-cert.ts';
import { KEY_ALGORITHM, SIGNERS } from '../sev/formats/sev-names.ts';
import { parseXml } from '../encodings/xml.ts';
import { recognise } from '../intake/recognise.ts';
import { readZip } from '../intake/zip.ts';
import { parsePekCsr } from '../sev/session/ownership.ts';
import { KNOWN_ROOTS } from '../trust/known-roots.ts';
import { SIMULATED_ROOT } from '../trust/simulated-root.ts';
import { inspectChainBytes } from '../sev/verify/cert-chain.ts';
import { latin, requireSame, type SeededTarget } from './fuzz-target.ts';

const SCALAR = Uint8Array.from({ length: 48 }, (_, i) => i + 1);
const POINT = p384.getPublicKey(SCALAR, false);
const PUBLIC_KEY = { x: POINT.slice(1, 49), y: POINT.slice(49) };
const SIGNATURE = { r: SCALAR, s: SCALAR.slice().reverse() };

/** A certificate of the right form, whose signatures are numbers and prove nothing. */
function certOf(usage: SevCertUsage, signed = true): Uint8Array {
  const slots = SIGNERS[usage].map((signer) =>
    signer === 'ASK'
      ? ({ usage: signer, algorithm: 'RSA_SHA384', value: new Uint8Array(512).fill(1) } as const)
      : ({ usage: signer, algorithm: 'ECDSA_SHA256', value: ecdsaSlotValue(SIGNATURE) } as const),
  );
  const [first, second] = signed ? slots : [];
  const fields = { apiMajor: 1, apiMinor: 55, usage, algorithm: KEY_ALGORITHM[usage], publicKey: PUBLIC_KEY };
  return encodeSevCert({ ...fields, signatures: [first, second] });
}

const { ask, ark } = SIMULATED_ROOT.certificates!;
const CHAIN = concat(certOf('PDH'), certOf('PEK'), certOf('OCA'), certOf('CEK'), ask, ark);
const REPORT = encodeAttestationReport({
  mnonce: SCALAR.slice(0, 16),
  launchDigest: SCALAR.slice(0, 32),
  policy: 5,
  signature: SIGNATURE,
});
const KEY = { scalar: SCALAR, point: POINT };
/** Two small files, one deflated and one stored, as Python's zipfile writes them. */
const ZIP = fromBase64(
  'UEsDBBQAAAAIAAAAIVzmmAJNBgAAAIAAAAAQAAAAZ2V0aWRfczBfb3V0LnR4dDMwGFgAAFBLAwQUAAAAAAAAACFchqYQNgUAAAAFAAAAAQAAAGFoZWxsb1BLAQIUAxQAAAAIAAAAIVzmmAJNBgAAAIAAAAAQAAAAAAAAAAAAAACAAQAAAABnZXRpZF9zMF9vdXQudHh0UEsBAhQDFAAAAAAAAAAhXIamEDYFAAAABQAAAAEAAAAAAAAAAAAAAIABNAAAAGFQSwUGAAAAAAIAAgBtAAAAWAAAAAAA',
);
const NODE_INFO = `pdh : ${toBase64(certOf('PDH'))}\ncert-chain : ${toBase64(CHAIN.slice(2084, 8336))}\ncbitpos : 47\n`;
const QMP = `{"QMP": {}}\n{"return": {"enabled": true, "api-major": 1, "api-minor": 55, "build-id": 29, "policy": 5, "state": "running", "handle": 1}}
{"event": "STOP"}\n{"return": {"data": "${toBase64(new Uint8Array(48))}"}}\n{"error": {"class": "GenericError", "desc": "no"}}`;
const DOMAIN = `<?xml version='1.0'?><domain><launchSecurity type='sev' kernelHashes='yes'><policy>0x5</policy>
<dhCert>${toBase64(certOf('PDH', false))}</dhCert><session>${toBase64(new Uint8Array(128))}</session></launchSecurity></domain>`;
const TEXTS = [NODE_INFO, QMP, DOMAIN, toHex(REPORT), toBase64(CHAIN), toPem('PRIVATE KEY', encodePkcs8(KEY))].map(
  toUtf8,
);

export const FUZZ_TARGETS: readonly SeededTarget[] = [
  {
    name: 'a SEV certificate',
    seeds: [...(['PDH', 'PEK', 'OCA', 'CEK'] as const).map((usage) => certOf(usage)), certOf('PEK', false)],
    run: (bytes) => requireSame(encodeSevCert(parseSevCert(bytes)), bytes),
  },
  {
    name: 'a CA certificate',
    seeds: [ask, ark],
    run: (bytes) => requireSame(encodeCaCert(parseCaCert(bytes)), bytes),
  },
  {
    name: 'an ASK and its ARK',
    seeds: [concat(ask, ark)],
    run: (bytes) => {
      const pair = parseCaPair(bytes);
      requireSame(concat(pair.ask.bytes, pair.ark.bytes), bytes);
    },
  },
  {
    name: 'a chain',
    seeds: [CHAIN, CHAIN.slice(0, 8336)],
    run: (bytes) => requireSame(encodeCertChain(parseCertChain(bytes)), bytes),
  },
  {
    name: 'a chain to be verified',
    seeds: [CHAIN],
    run: async (bytes) => {
      const report = await inspectChainBytes(bytes, KNOWN_ROOTS);
      if (report.trusted || report.status !== 'refused') throw new Error('a chain without signatures was trusted');
    },
  },
  {
    name: 'an attestation report',
    seeds: [REPORT],
    run: (bytes) => requireSame(encodeAttestationReport(parseAttestationReport(bytes)), bytes),
  },
  { name: 'a request to sign a PEK', seeds: [certOf('PEK', false)], run: (bytes) => parsePekCsr(bytes) },
  { name: 'DER', seeds: [encodeSec1(KEY), encodePkcs8(KEY)], run: readDer },
  {
    name: 'a private key',
    seeds: [encodeSec1(KEY), encodePkcs8(KEY), toUtf8(toPem('EC PRIVATE KEY', encodeSec1(KEY)))],
    run: parseEcPrivateKey,
  },
  { name: 'XML', seeds: [ascii(DOMAIN)], run: (bytes) => parseXml(latin(bytes)) },
  { name: 'a zip', seeds: [ZIP], run: readZip },
  {
    name: 'anything dropped',
    seeds: [CHAIN, REPORT, ZIP, encodeSec1(KEY), ...TEXTS],
    run: (bytes) => recognise(bytes),
  },
  {
    name: 'anything dropped by a misleading name',
    seeds: [CHAIN, certOf('PEK'), ZIP],
    run: (bytes) => recognise(bytes, 'certs/pek.cert'),
  },
];
