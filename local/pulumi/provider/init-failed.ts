import { Metadata, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { NotReady } from "./lifecycle";
import { encode } from "./wire";

/** The detail by which an error tells the engine that the resource exists all the same. */
export function initFailed(error: NotReady): Metadata {
  const detail = new ErrorResourceInitFailed()
    .setId(error.id)
    .setInputs(encode(error.inputs))
    .setProperties(encode(error.state))
    .setReasonsList([error.message]);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const details = new Status().setCode(status.UNKNOWN).setMessage(error.message).addDetails(packed);
  const metadata = new Metadata();
  // Go's gRPC reads details from this key; grpc-js has no API for them.
  metadata.set("grpc-status-details-bin", Buffer.from(details.serializeBinary()));
  return metadata;
}
