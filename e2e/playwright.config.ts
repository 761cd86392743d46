import { defineConfig } from '@playwright/test';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: '.',
  testMatch: ['stories/**/*.spec.ts', 'malice/**/*.spec.ts', 'faults/**/*.spec.ts', 'docs/**/*.spec.ts'],
  outputDir: '../test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // Stories wait more than they compute; each has its own relay, server and folder.
  workers: 2,
  // Said in the summary when it was needed: a slow machine must not hide what is good, nor what is shaky.
  retries: 1,
  forbidOnly: Boolean(process.env['CI']),
  reporter: 'list',
  use: {
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
    // Recording all of them takes a fifth of the whole time.
    trace: 'on-first-retry',
    screenshot: 'only-on-failure',
  },
});
