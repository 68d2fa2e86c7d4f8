import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { type ProgramInfo, type RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";

/** The exit code of the SDK's runner when the program failed and the user has seen why. */
const TOLD_USER = 32;

/** A running program. */
export interface Run {
  readonly response: Promise<RunResponse>;
  stop(): void;
}

/** Starts the program of a project. The CLI shows its output. */
export function run(request: RunRequest, engine: string): Run {
  const info = request.getInfo();
  if (!info) throw new Error("the Pulumi CLI did not say where the program is: use version 3.259.0");
  const child = spawn(process.execPath, [runner(info), ...runnerArguments(request, info, engine)], {
    cwd: request.getPwd(),
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...programEnvironment(request, info) },
  });
  const stop = (): void => void child.kill();
  process.once("exit", stop);
  const response = ended(child).finally(() => process.off("exit", stop));
  return { response, stop };
}

/** The environment that the SDK's runner and `pulumi.Config` read, of the options that the official host reads, too. */
export function programEnvironment(request: RunRequest, info: ProgramInfo): NodeJS.ProcessEnv {
  const options = info.getOptions()?.toJavaScript() ?? {};
  const { no_grpc_proxy, no_proxy } = process.env;
  const environment: NodeJS.ProcessEnv = {
    // The engine is on this machine, and gRPC would ask a proxy of the shell for it.
    no_grpc_proxy: [no_grpc_proxy ?? no_proxy ?? "", "127.0.0.1", "localhost"].filter(Boolean).join(","),
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
  };
  if (typeof options.tsconfig === "string") environment.PULUMI_NODEJS_TSCONFIG_PATH = options.tsconfig;
  return environment;
}

function runner(info: ProgramInfo): string {
  const program = createRequire(path.join(info.getProgramDirectory(), "package.json"));
  try {
    return program.resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(`@pulumi/pulumi is not installed for ${info.getProgramDirectory()}: run \`npm ci\``);
  }
}

function runnerArguments(request: RunRequest, info: ProgramInfo, engine: string): string[] {
  return [
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${engine}`,
    `--organization=${request.getOrganization()}`,
    `--project=${request.getProject()}`,
    `--stack=${request.getStack()}`,
    `--root-directory=${info.getRootDirectory()}`,
    `--pwd=${request.getPwd()}`,
    `--parallel=${String(request.getParallel())}`,
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info.getEntryPoint() || ".",
    ...request.getArgsList(),
  ];
}

/** How the program ended, in the CLI's terms. */
function ended(child: ChildProcess): Promise<RunResponse> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const response = new RunResponse();
      if (code === TOLD_USER) response.setBail(true);
      else if (signal !== null) response.setError(`the program was ended by ${signal}`);
      else if (code !== 0) response.setError(`the program exited with code ${String(code)}`);
      resolve(response);
    });
  });
}
