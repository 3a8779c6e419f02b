// SAP CAP, an OData server that is not ours, with its rows in SQLite's memory.
//
//   node server.cjs <folder of @sap/cds> <port>
//
// GET /<service>/<entity>  OData 4: the services of model.cds
// PUT /rows/<entity>       replaces all rows by the JSON array in the body
const path = require("node:path");

const [, , folder, port] = process.argv;
process.chdir(path.resolve(folder, "..", "..", "..")); // its plug-ins are found here
const cds = require(folder);
const express = require(require.resolve("express", { paths: [folder] }));

cds.env.requires.db = {
  impl: "@cap-js/sqlite",
  kind: "sqlite",
  driver: "node", // SQLite as Node.js brings it: nothing has to be compiled
  credentials: { url: ":memory:" },
};

cds.on("bootstrap", (app) => {
  app.put("/rows/:entity", express.json({ limit: "64mb" }), async (request, response) => {
    const entity = `sage.${request.params.entity}`;
    await cds.tx(async (tx) => {
      await tx.run(DELETE.from(entity));
      if (request.body.length) await tx.run(INSERT.into(entity).entries(request.body));
    });
    response.sendStatus(204);
  });
});

cds.plugins
  .then(() => cds.server({ from: path.join(__dirname, "model.cds"), in_memory: true, port }))
  .then((server) => server.once("listening", () => console.log("ready")));
process.stdin.on("end", () => process.exit()).resume(); // it ends with its parent
