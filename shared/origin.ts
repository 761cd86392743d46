// The app's own name on its owner's device. A name under .localhost is this device to every browser that knows the rule
// (RFC 6761), and an origin that no other program of the device shares by accident.
// Both commands use it: one serves the app there, the other lets its pages connect.

export const APP_HOST = 'sev-verifier.localhost';

/** Not one that development servers take. */
export const APP_PORT = 8456;

export const APP_URL = `http://${APP_HOST}:${APP_PORT}/`;
