// The version that `relay.hello` and `sev-relay show version` name; a test holds it to package.json's.
export const VERSION = '0.1.0';
