// The processor: what it is, what it can, and how many encrypted guests it has room for. AMD APM, CPUID 8000001F.
import { type Answer, type Check, fail, type Look, pass, skip, warn } from './check.ts';
import { bitSays, bitsOf, isOn, lacksSev, shows } from './host-facts.ts';
import { SAY } from './words.ts';

const both = (value: number): string => `${value} · 0x${value.toString(16)}`;

function vendor({ facts: { processor, works } }: Look): Answer {
  if (processor.vendor === 'AuthenticAMD') return pass(SAY.amd());
  if (processor.vendor === 'HygonGenuine') return fail(SAY.hygon());
  return works.sev ? warn(SAY.otherVendor(processor.vendor)) : fail(SAY.otherVendor(processor.vendor));
}

function model({ facts }: Look): Answer {
  const { called, family, model: number, name } = facts.processor;
  const what = `${called}, family ${both(family)}, model ${both(number)}`;
  const reason = facts.works.sev ? undefined : lacksSev(facts);
  if (reason !== undefined) return fail(SAY.noSevModel(what, reason));
  return pass(SAY.processor(name === undefined ? what : `${name}: ${what}`));
}

function sme({ facts }: Look): Answer {
  if (facts.smeOff) return fail(SAY.smeOff());
  return facts.works.sev ? pass(SAY.hasIt()) : capability(facts, 'sme');
}

/** What CPUID has and the flags lack, the kernel has hidden: it does so where the BIOS has not switched SME on. */
function capability(facts: Look['facts'], what: 'sme' | 'sev'): Answer {
  if (facts.flags.has(what)) return pass(SAY.hasIt());
  if (!bitSays(facts, what)) return fail(SAY.showsNot());
  return facts.flags.size > 1 && !facts.flags.has('sme') && !isOn(facts.parameter('sev'))
    ? fail(SAY.kernelHides())
    : pass(SAY.hasIt());
}

function asids({ facts: { places } }: Look): Answer {
  if (places.sev === undefined) return skip(SAY.placesUnread());
  if (places.sev <= 0) return fail(SAY.allPlacesEs());
  return pass(SAY.places(places.sev, places.es ?? 0));
}

function esAsids({ facts: { places, parameter } }: Look): Answer {
  if (places.es === undefined) return skip(SAY.placesUnread());
  if (places.es > 0) return pass(SAY.esPlaces(places.es));
  const value = parameter('sev_es');
  return fail(SAY.noEsPlaces(value !== undefined && !isOn(value)));
}

export const CPU_CHECKS: readonly Check[] = [
  { id: 'cpu-amd', name: 'AMD processor', needed: 'sev', look: vendor },
  {
    id: 'cpu-hypervisor',
    name: 'Bare metal',
    needed: 'sev',
    after: ['cpu-amd'],
    look: ({ facts: { flags, works } }) => {
      if (!flags.has('hypervisor')) return pass(SAY.bareMetal());
      return works.sev ? warn(SAY.nested()) : fail(SAY.nested());
    },
  },
  { id: 'cpu-epyc', name: 'EPYC generation', needed: 'sev', after: ['cpu-amd', 'cpu-hypervisor'], look: model },
  { id: 'cpu-sme', name: 'Secure Memory Encryption (SME)', needed: 'sev', after: ['cpu-epyc'], look: sme },
  {
    id: 'cpu-sev',
    name: 'Secure Encrypted Virtualization (SEV)',
    needed: 'sev',
    after: ['cpu-epyc', 'cpu-sme'],
    look: ({ facts }) => (facts.works.sev ? pass(SAY.hasIt()) : capability(facts, 'sev')),
  },
  {
    id: 'cpu-sev-es',
    name: 'Encrypted State (SEV-ES)',
    needed: 'sev-es',
    after: ['cpu-sev'],
    look: ({ facts }) => (facts.works.es || shows(facts, 'sev_es') ? pass(SAY.hasIt()) : fail(SAY.noEs())),
  },
  {
    id: 'cpu-sev-snp',
    name: 'Secure Nested Paging (SEV-SNP)',
    needed: 'nothing',
    after: ['cpu-sev'],
    look: ({ facts }) => (shows(facts, 'sev_snp') ? pass(SAY.hasIt()) : skip(SAY.noSnp())),
  },
  {
    id: 'cpu-cbit',
    name: 'C-bit',
    needed: 'nothing',
    after: ['cpu-sev'],
    look: ({ facts: { leaf } }) =>
      leaf === undefined ? skip(SAY.cpuidUnread()) : pass(SAY.cbit(bitsOf(leaf.ebx, 5, 0), bitsOf(leaf.ebx, 11, 6))),
  },
  { id: 'cpu-asids', name: 'Places for SEV guests', needed: 'sev', after: ['cpu-sev'], look: asids },
  {
    id: 'cpu-es-asids',
    name: 'Places for SEV-ES guests',
    needed: 'sev-es',
    after: ['cpu-sev', 'cpu-sev-es'],
    look: esAsids,
  },
  {
    id: 'cpu-page-flush',
    name: 'Page flush register',
    needed: 'nothing',
    after: ['cpu-sev'],
    look: ({ facts: { leaf } }) =>
      leaf === undefined ? skip(SAY.cpuidUnread()) : pass(SAY.pageFlush(bitsOf(leaf.eax, 2, 2) === 1)),
  },
];
