/** The flags of `fairlead template`. */
export interface TemplateOptions {
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly setJson?: readonly string[];
  readonly setFile?: readonly string[];
  readonly setLiteral?: readonly string[];
  readonly namespace?: string;
  readonly generateName?: boolean;
  readonly nameTemplate?: string;
  readonly isUpgrade?: boolean;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly skipSchemaValidation?: boolean;
  readonly includeCrds?: boolean;
  readonly skipTests?: boolean;
  /** False with `--no-hooks`. */
  readonly hooks: boolean;
  readonly showOnly?: readonly string[];
  readonly outputDir?: string;
  readonly releaseName?: boolean;
  readonly debug?: boolean;
  readonly repo?: string;
  readonly version?: string;
  readonly devel?: boolean;
  readonly dependencyUpdate?: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly passCredentials?: boolean;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly plainHttp?: boolean;
  readonly validate?: boolean;
  readonly verify?: boolean;
  readonly keyring?: string;
  readonly repositoryConfig?: string;
  readonly registryConfig?: string;
}
