// The verbs of sev-verifier. Each is loaded only when it is asked for.
import type { Run } from './verb.ts';

interface Entry {
  readonly summary: string;
  load(): Promise<{ readonly run: Run }>;
}

export const VERBS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'serve the web app on this device (the default)',
    load: () => import('./serve-verb.ts'),
  },
  chain: {
    summary: "verify that a platform's certificates lead to AMD",
    load: () => import('./chain.ts'),
  },
  session: {
    summary: 'make the keys and the session of one launch',
    load: () => import('./session.ts'),
  },
  digest: {
    summary: 'compute what will be measured, or the whole measurement',
    load: () => import('./digest.ts'),
  },
  measure: {
    summary: 'compute a launch digest with the options of sev-snp-measure (SEV, SEV-ES, SEV-SNP)',
    load: () => import('./measure.ts'),
  },
  'id-block': {
    summary: "make, show or verify an SNP guest's ID block",
    load: () => import('./id-block.ts'),
  },
  secret: {
    summary: 'pack secrets for a verified launch',
    load: () => import('./secret.ts'),
  },
  vmsa: {
    summary: 'build, change or show the first registers of a vCPU (SEV-ES)',
    load: () => import('./vmsa.ts'),
  },
  doctor: {
    summary: 'name what would have given a measurement that differs',
    load: () => import('./doctor.ts'),
  },
  report: {
    summary: 'verify an attestation report',
    load: () => import('./report.ts'),
  },
  kds: {
    summary: 'print where AMD has the certificates of an SNP report',
    load: () => import('./kds.ts'),
  },
  evidence: {
    summary: 'check the record of a launch again, as the app exports it',
    load: () => import('./evidence.ts'),
  },
  oca: {
    summary: "make an owner's key and certificate, and sign a platform's request",
    load: () => import('./oca.ts'),
  },
  validate: {
    summary: 'check a measurement with the options and exit codes of virt-qemu-sev-validate',
    load: () => import('./validate/validate.ts'),
  },
  'check-app': {
    summary: 'compare a web app, or this installation, with the manifest of a release',
    load: () => import('./check-app.ts'),
  },
};
