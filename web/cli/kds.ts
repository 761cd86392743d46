// The verb `kds`: the addresses at which AMD has a report's certificates. It fetches nothing.
import { parseSnpReport } from '../../shared/snp/formats/report.ts';
import { freeValues } from './options.ts';
import { readSnpReport } from './snp-files.ts';
import { kdsAddresses } from './snp-kds.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier kds REPORT [OPTIONS]

Prints where AMD's key server has the certificates of an SNP report: open the addresses in a browser, or fetch them on
any machine, and give the files to \`sev-verifier report --chain\`. Nothing is sent from here.

      --json           one JSON object instead

Exit codes: 0 printed; 2 wrong use or unreadable input.
`;

export const run = verb({
  help: HELP,
  options: {},
  act: async ({ free }): Promise<Result> => {
    const [path] = freeValues(free, 'REPORT') as [string];
    const report = parseSnpReport((await readSnpReport(path)).report);
    const addresses = kdsAddresses(report);
    const text = addresses.flatMap(({ product, vcek, chain, crl }) => [
      ...(addresses.length > 1 ? [`If the processor is ${product}:`] : []),
      `certificate  ${vcek ?? NO_VCEK[report.signingKey]}`,
      `authorities  ${chain}`,
      `revocation   ${crl}`,
    ]);
    return {
      exitCode: 0,
      json: { status: 'done', signingKey: report.signingKey, addresses },
      text: `${text.join('\n')}\n`,
    };
  },
});

const NO_VCEK = {
  VCEK: "not to be asked for: the report does not name its chip. Take it from the guest's certificate table.",
  VLEK: "not at AMD's server: only the cloud provider has it. Take it from the guest's certificate table.",
} as const;
