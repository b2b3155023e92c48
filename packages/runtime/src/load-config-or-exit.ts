import { ConfigError, loadConfig, type ConfigFields, type ConfigOf, type ConfigSources } from './config.ts';

/** Exit code of a process that was configured wrongly: trying again will not help. */
const EXIT_CONFIG = 78;

/** As `loadConfig`, for the first line of a process: prints every problem at once and exits. */
export function loadConfigOrExit<S extends ConfigFields>(schema: S, sources: ConfigSources): ConfigOf<S> {
  try {
    return loadConfig(schema, sources);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(EXIT_CONFIG);
  }
}
