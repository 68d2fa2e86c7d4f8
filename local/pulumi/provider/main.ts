// The provider plugin of the local environment: what `pulumi-resource-aws` runs.
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import project from "../../../package.json";
import { servePlugin } from "../plugin";
import { handlers } from "./handlers";

// Without an EC2 instance, the search for credentials at its metadata address takes seconds.
process.env.AWS_EC2_METADATA_DISABLED ??= "true";

// The SDK's warning about Node.js versions is about later versions of the SDK than the pinned one.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

servePlugin(ResourceProviderService, handlers(project.dependencies["@pulumi/aws"]));
