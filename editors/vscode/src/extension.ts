// The client of `shapelint server`: starts it, hands it the settings, and shows in the status bar what it does.

import * as vscode from "vscode";
import {
  ClientCapabilities,
  FeatureState,
  LanguageClient,
  LanguageClientOptions,
  ServerOptions,
  StaticFeature,
  TransportKind,
} from "vscode-languageclient/node";

interface Status {
  files: number;
  proofs: number;
}

/** What this needs of the API of the Python extension. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** Tells the server that this client shows its status. */
class StatusFeature implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), shapelintStatus: true };
  }
  initialize(): void {
    // nothing: the server only notifies
  }
  getState(): FeatureState {
    return { kind: "static" };
  }
  clear(): void {
    // nothing is held
  }
}

let client: LanguageClient | undefined;
let bar: vscode.StatusBarItem;
let log: vscode.OutputChannel;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  log = vscode.window.createOutputChannel("shapelint");
  bar = vscode.window.createStatusBarItem("shapelint.status", vscode.StatusBarAlignment.Right);
  bar.name = "shapelint";
  bar.command = "shapelint.showLog";
  const python = await pythonApi();
  context.subscriptions.push(
    log,
    bar,
    vscode.commands.registerCommand("shapelint.restart", () => restart(python)),
    vscode.commands.registerCommand("shapelint.showLog", () => {
      log.show();
    }),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("shapelint.command")) {
        await restart(python);
      } else if (event.affectsConfiguration("shapelint")) {
        await configure(python);
      }
    }),
  );
  if (python !== undefined) {
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(() => restart(python)));
  }
  await restart(python);
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  return extension?.activate();
}

/** The interpreter that the user has selected, or the first one on the path. */
async function interpreter(python: PythonApi | undefined): Promise<string> {
  const chosen = python?.environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
  const environment = chosen && (await python?.environments.resolveEnvironment(chosen));
  return environment?.executable.uri?.fsPath ?? (process.platform === "win32" ? "python" : "python3");
}

/** The settings under the names that the server knows. */
async function settings(python: PythonApi | undefined): Promise<object> {
  const given = vscode.workspace.getConfiguration("shapelint");
  return {
    verify: given.get("verify"),
    python: given.get<string>("python") || (await interpreter(python)),
    select: given.get("select"),
    ignore: given.get("ignore"),
    minConfidence: given.get("minConfidence"),
    inlayHints: {
      enable: given.get("inlayHints.enable"),
      roles: given.get("inlayHints.roles"),
      onlyChanges: given.get("inlayHints.onlyChanges"),
      sizes: given.get("inlayHints.sizes"),
    },
  };
}

async function configure(python: PythonApi | undefined): Promise<void> {
  await client?.sendNotification("workspace/didChangeConfiguration", {
    settings: { shapelint: await settings(python) },
  });
}

async function restart(python: PythonApi | undefined): Promise<void> {
  await client?.dispose();
  bar.hide();
  const command = vscode.workspace.getConfiguration("shapelint").get<string[]>("command") ?? [];
  const [program, ...args] = command.length > 0 ? command : [await interpreter(python), "-m", "shapelint", "server"];
  const server: ServerOptions = { command: program, args, transport: TransportKind.stdio };
  const options: LanguageClientOptions = {
    documentSelector: [
      { language: "python", scheme: "file" },
      { language: "python", scheme: "untitled" },
      { language: "python", notebook: "jupyter-notebook" },
    ],
    initializationOptions: await settings(python),
    outputChannel: log,
  };
  client = new LanguageClient("shapelint", "shapelint", server, options);
  client.registerFeature(new StatusFeature());
  client.onNotification("shapelint/status", show);
  try {
    await client.start();
  } catch (error) {
    log.appendLine(String(error));
    const how = `${program} -m pip install 'shapelint[lsp,verify]'`;
    void vscode.window.showWarningMessage(`shapelint did not start: ${[program, ...args].join(" ")}. To have it: ${how}`);
  }
}

function show(status: Status): void {
  const files = `${String(status.files)} ${status.files === 1 ? "file" : "files"}`;
  bar.text = status.proofs > 0 ? `$(sync~spin) shapelint: ${String(status.proofs)} to prove` : "$(check) shapelint";
  bar.tooltip = `${files} checked, ${String(status.proofs)} findings that torch is asked about`;
  bar.show();
}
