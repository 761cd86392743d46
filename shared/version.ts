// The version of both commands, which `relay.hello` names too; a test holds it to package.json's.
export const VERSION = '0.1.0';
