import {
  type ServerErrorResponse,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
  type handleUnaryCall,
} from "@grpc/grpc-js";

/** Messages contain archives. */
const MAX_MESSAGE_BYTES = 400 << 20;
const PARENT_CHECK_MS = 500;

/**
 * Serves a plugin of the Pulumi CLI on a free port, prints the port in the first line of output for the CLI,
 * and ends when the CLI does, even if the CLI was killed.
 */
export function servePlugin(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, PARENT_CHECK_MS).unref();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(0));
  }
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  server.addService(service, implementation);
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${String(port)}\n`);
  });
}

/** A gRPC handler from a function of the request; `explain` turns what it throws into a message for the user. */
export function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
  explain: (error: unknown) => Partial<ServerErrorResponse>,
): handleUnaryCall<Request, Response> {
  return (call, respond) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => {
          respond(null, response);
        },
        (error: unknown) => {
          respond(explain(error));
        },
      );
  };
}
