// The first version of the protocol, as the first app speaks it: frozen. What stands here is never edited, since an app
// of that day may be installed for years; a relay that no longer fits it speaks another version.
import type { MethodName } from '../../shared/relay-protocol.ts';
import type { Json } from './lying-relay.ts';

const bytes = (length: number): string => Buffer.alloc(length, 1).toString('base64');
const [CERT, ID] = [bytes(2084), { id: 'qmp:guest' }];

interface Spoken {
  readonly params: Json;
  /** Members that the result always has; of a list, those of each of its members. */
  readonly result: readonly string[];
}

export const V1: { readonly [M in MethodName]?: Spoken } = {
  'relay.hello': { params: { token: 'code' }, result: ['relay', 'protocol', 'simulated', 'capabilities'] },
  'platform.status': { params: {}, result: ['apiMajor', 'apiMinor', 'build', 'state', 'owner', 'es', 'guests'] },
  'platform.certificates': { params: {}, result: ['pdh', 'pek', 'oca', 'cek'] },
  'platform.identifier': { params: {}, result: ['ids'] },
  'platform.checks': { params: {}, result: ['checks'] },
  'owner.csr': { params: {}, result: ['csr'] },
  'owner.import': { params: { pek: CERT, oca: CERT }, result: [] },
  'owner.rotatePdh': { params: {}, result: [] },
  'owner.regeneratePek': { params: {}, result: [] },
  'owner.reset': { params: {}, result: [] },
  'guest.list': { params: {}, result: ['id', 'name', 'backend', 'state'] },
  'guest.profiles': { params: {}, result: ['name', 'firmware', 'cpus', 'cpuModel', 'sevEs'] },
  'guest.launch': { params: { profile: 'demo', policy: 3, dhCert: CERT, session: bytes(128) }, result: ['id'] },
  'guest.measurement': {
    params: ID,
    result: ['measurement', 'apiMajor', 'apiMinor', 'build', 'policy', 'state'],
  },
  'guest.inject': { params: { ...ID, header: bytes(52), secret: bytes(48), gpa: 4096 }, result: [] },
  'guest.resume': { params: ID, result: [] },
  'guest.destroy': { params: ID, result: [] },
  'guest.report': { params: { ...ID, mnonce: bytes(16) }, result: ['report'] },
  'guest.configuration': { params: ID, result: ['kind', 'text'] },
};
