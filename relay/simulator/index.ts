// The door of the simulated hosts: a host without any SEV hardware, for practice and for tests.
export { startSimulatedHost, type SimulatedHostOptions } from './host.ts';
export { startVirtualSevHost } from './virtual/host.ts';
