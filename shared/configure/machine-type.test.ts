import { describe, expect, it } from 'vitest';
import { parseMachineType } from './machine-type.ts';

describe('A machine type is taken apart', () => {
  it.each<[string, string, string | undefined, string | undefined]>([
    ['q35', 'q35', undefined, undefined],
    ['pc', 'pc', undefined, undefined],
    ['pc-q35-7.2', 'q35', '7.2', undefined],
    ['pc-q35-10.1', 'q35', '10.1', undefined],
    ['pc-i440fx-2.10', 'pc', '2.10', undefined],
    ['pc-1.3', 'pc', '1.3', undefined],
    // Proxmox
    ['q35+pve0', 'q35', undefined, 'Proxmox'],
    ['pc+pve0', 'pc', undefined, 'Proxmox'],
    ['pc-q35-8.0+pve1', 'q35', '8.0', 'Proxmox'],
    ['pc-i440fx-9.2+pve1', 'pc', '9.2', 'Proxmox'],
    // Red Hat counts its own releases.
    ['pc-q35-rhel9.4.0', 'q35', undefined, 'Red Hat'],
    ['pc-q35-rhel8.6.0', 'q35', undefined, 'Red Hat'],
    ['pc-i440fx-rhel7.6.0', 'pc', undefined, 'Red Hat'],
    ['rhel6.6.0', 'pc', undefined, 'Red Hat'],
    // Ubuntu, by the QEMU of each release
    ['pc-q35-noble', 'q35', '8.2', 'Ubuntu'],
    ['pc-q35-noble-v2', 'q35', '8.2', 'Ubuntu'],
    ['pc-q35-lunar-hpb', 'q35', '7.2', 'Ubuntu'],
    ['pc-i440fx-jammy', 'pc', '6.2', 'Ubuntu'],
    ['pc-i440fx-focal-hpb', 'pc', '4.2', 'Ubuntu'],
    ['pc-q35-jammy-maxcpus', 'q35', '6.2', 'Ubuntu'],
    ['ubuntu-q35', 'q35', undefined, undefined],
    ['ubuntu', 'pc', undefined, undefined],
    // A suffix that nobody here knows hides nothing.
    ['pc-q35-8.1-vendor3', 'q35', '8.1', undefined],
    ['pc-q35-acme', 'q35', undefined, undefined],
    ['microvm', 'other', undefined, undefined],
    ['pcx-q35-7.2', 'other', undefined, undefined],
  ])('%s', (name, kind, version, vendor) => {
    const read = parseMachineType(name);
    const shown = read.version && `${read.version.major}.${read.version.minor}`;
    expect([read.kind, shown, read.vendor]).toEqual([kind, version, vendor]);
  });

  it('with the variants that take more vCPUs', () => {
    const many = (name: string) => parseMachineType(name).manyVcpus;
    expect(['pc-q35-jammy-maxcpus', 'pc-q35-rhel9.2.0'].map(many)).toEqual([true, true]);
    expect(['pc-q35-jammy', 'pc-q35-8.0+pve0', 'q35'].map(many)).toEqual([false, false, false]);
  });
});
