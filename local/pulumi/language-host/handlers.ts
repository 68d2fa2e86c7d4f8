import { spawn } from "node:child_process";
import {
  type UntypedServiceImplementation,
  type handleServerStreamingCall,
  type handleUnaryCall,
  status,
} from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as plugin from "../plugin";
import { installedPackage, installedPackages } from "./packages";
import { type Run, run } from "./program";

/**
 * The CLI's calls (pulumi/language.proto) that a deployment makes.
 * @param engine the address of the engine, which the program reports to
 */
export function handlers(engine: string): UntypedServiceImplementation {
  const runs = new Set<Run>();
  return {
    handshake: unary(() => new rpc.LanguageHandshakeResponse()),
    getPluginInfo: unary(() =>
      new PluginInfo().setVersion(installedPackage(__dirname, "@pulumi/pulumi")?.version ?? ""),
    ),
    about: unary(() => new rpc.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
    runtimeOptionsPrompts: unary(() => new rpc.RuntimeOptionsResponse()),
    getRequiredPackages: unary(requiredPackages),
    getProgramDependencies: unary(programDependencies),
    installDependencies,
    run: unary(async (request: rpc.RunRequest) => {
      const started = run(request, engine);
      runs.add(started);
      try {
        return await started.response;
      } finally {
        runs.delete(started);
      }
    }),
    cancel: unary(() => {
      for (const started of runs) started.stop();
      return new Empty();
    }),
  };
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return plugin.unary(handle, (error) => ({
    code: status.UNKNOWN,
    details: error instanceof Error ? error.message : String(error),
  }));
}

function requiredPackages(request: rpc.GetRequiredPackagesRequest): rpc.GetRequiredPackagesResponse {
  const response = new rpc.GetRequiredPackagesResponse();
  for (const { plugin } of installedPackages(directoryOf(request))) {
    if (!plugin) continue;
    response.addPackages(
      new PackageDependency().setName(plugin.name).setKind("resource").setVersion(`v${plugin.version}`),
    );
  }
  return response;
}

function programDependencies(request: rpc.GetProgramDependenciesRequest): rpc.GetProgramDependenciesResponse {
  const response = new rpc.GetProgramDependenciesResponse();
  for (const { name, version } of installedPackages(directoryOf(request))) {
    response.addDependencies(new rpc.DependencyInfo().setName(name).setVersion(version));
  }
  return response;
}

/** What `pulumi install` does: npm's output is passed on as it comes. */
const installDependencies: handleServerStreamingCall<
  rpc.InstallDependenciesRequest,
  rpc.InstallDependenciesResponse
> = (call) => {
  const cwd = call.request.getInfo()?.getProgramDirectory() ?? call.request.getDirectory();
  const npm = spawn("npm", ["install"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  npm.stdout.on("data", (chunk: Buffer) =>
    call.write(new rpc.InstallDependenciesResponse().setStdout(chunk)),
  );
  npm.stderr.on("data", (chunk: Buffer) =>
    call.write(new rpc.InstallDependenciesResponse().setStderr(chunk)),
  );
  npm.once("error", (error) => {
    call.destroy(new Error(`cannot run npm: ${error.message}`));
  });
  npm.once("close", (code) => {
    if (code === 0) call.end();
    else call.destroy(new Error(`npm install failed with code ${String(code)} in ${cwd}`));
  });
};

function directoryOf(request: { getInfo(): rpc.ProgramInfo | undefined }): string {
  return request.getInfo()?.getProgramDirectory() ?? process.cwd();
}
