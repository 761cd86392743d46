import { defineConfig } from '@playwright/test';
import stories from '../playwright.config.ts';

export default defineConfig({
  ...stories,
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../../test-results/stories',
  timeout: 240_000,
  retries: 0,
});
