// The Node.js language host of the pinned Pulumi CLI: what `pulumi-language-nodejs` runs. It executes the
// program of a project with the SDK's own runner, as the official host does, and knows nothing of this
// repository.
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { servePlugin } from "../plugin";
import { handlers } from "./handlers";

const engine = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
if (engine === undefined) {
  process.stderr.write("usage: pulumi-language-nodejs ENGINE_ADDRESS; the Pulumi CLI starts it\n");
  process.exit(1);
}
servePlugin(LanguageRuntimeService, handlers(engine));
