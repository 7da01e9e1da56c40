import { expect, it } from "vitest";
import type { WaitCategory } from "../category.ts";
import { type MysqlSession, type PostgresqlSession, WaitCatalogue } from "./wait-catalogue.ts";
import { words } from "./words.ts";

it.each<[WaitCategory, PostgresqlSession]>([
  ["cpu", { state: "active" }],
  ["cpu", {}],
  ["cpu", { state: "active", type: "", event: "" }],
  ["lock_row", { state: "active", type: "Lock", event: "transactionid" }],
  ["lock_row", { type: "Lock", event: "speculative token" }],
  ["lock_table", { type: "Lock", event: "relation" }],
  ["lock_user", { type: "Lock", event: "advisory" }],
  ["io_data", { type: "IO", event: "DataFileRead" }],
  ["io_log", { type: "IO", event: "WalSync" }],
  ["io_log", { type: "IO", event: "WALSync" }],
  ["io_log", { type: "LWLock", event: "WALWrite" }],
  ["io_temp", { type: "IO", event: "BufFileWrite" }],
  ["buffer", { type: "LWLock", event: "BufferContent" }],
  ["buffer", { type: "BufferPin", event: "BufferPin" }],
  ["latch", { type: "LWLock", event: "LockManager" }],
  ["parallel", { type: "IPC", event: "ExecuteGather" }],
  ["replication", { type: "IPC", event: "SyncRep" }],
  ["network", { state: "active", type: "Client", event: "ClientRead" }],
  ["idle", { state: "idle", type: "Client", event: "ClientRead" }],
  ["idle", { state: "idle in transaction", type: "Client", event: "ClientRead" }],
  ["idle", { type: "Activity", event: "WalWriterMain" }],
  ["sleep", { type: "Timeout", event: "PgSleep" }],
  ["extension", { type: "Extension", event: "CustomOfAnExtension" }],
])("says %s of PostgreSQL's %j", (category, session) => {
  const catalogue = new WaitCatalogue();
  expect(catalogue.postgresql(session)).toBe(category);
  expect(catalogue.unknown.total).toBe(0);
});

it.each<[WaitCategory, MysqlSession]>([
  ["cpu", { command: "Query", state: "executing" }],
  ["cpu", { event: "wait/io/table/sql/handler", state: "Sending data" }],
  ["lock_row", { event: "wait/io/table/sql/handler", waitsForRow: true }],
  ["lock_table", { event: "wait/lock/table/sql/handler" }],
  ["lock_metadata", { event: "wait/lock/metadata/sql/mdl" }],
  ["lock_metadata", { state: "Waiting for table metadata lock" }],
  ["lock_metadata", { event: "stage/sql/Waiting for table metadata lock" }],
  ["lock_user", { event: "wait/synch/cond/sql/User_level_lock::cond" }],
  ["io_data", { event: "wait/io/file/innodb/innodb_data_file" }],
  ["io_log", { event: "wait/io/file/innodb/innodb_log_file" }],
  ["io_log", { event: "wait/io/file/sql/binlog" }],
  ["io_log", { event: "wait/synch/cond/sql/MYSQL_BIN_LOG::COND_done" }],
  ["io_log", { state: "waiting for handler commit" }],
  ["io_temp", { event: "wait/io/file/innodb/innodb_temp_file" }],
  ["network", { event: "wait/io/socket/sql/client_connection" }],
  ["buffer", { event: "wait/synch/mutex/innodb/buf_pool_LRU_list_mutex" }],
  ["latch", { event: "wait/synch/mutex/innodb/trx_sys_mutex" }],
  ["replication", { event: "wait/synch/cond/sql/Relay_log_info::data_cond" }],
  ["sleep", { event: "wait/synch/cond/sql/Item_func_sleep::cond" }],
  ["sleep", { state: "User sleep" }],
  ["idle", { event: "idle" }],
  ["idle", { command: "Sleep", event: "wait/io/socket/sql/client_connection" }],
])("says %s of MySQL's %j", (category, session) => {
  const catalogue = new WaitCatalogue();
  expect(catalogue.mysql(session)).toBe(category);
  expect(catalogue.unknown.total).toBe(0);
});

it("puts what it does not know where its type or prefix does, and counts it", () => {
  const catalogue = new WaitCatalogue();
  expect(catalogue.postgresql({ type: "IO", event: "FutureRead" })).toBe("io_data");
  expect(catalogue.postgresql({ type: "Future", event: "Event" })).toBe("other");
  expect(catalogue.mysql({ event: "wait/io/file/plugin/journal" })).toBe("io_data");
  expect(catalogue.mysql({ event: "wait/synch/mutex/plugin/lock" })).toBe("latch");
  expect(catalogue.mysql({ event: "wait/future/thing" })).toBe("other");
  expect(catalogue.mysql({ state: "Waiting for the future" })).toBe("other");
  expect(catalogue.mysql({ state: "Waiting for the future" })).toBe("other");
  expect(catalogue.unknown.total).toBe(7);
  expect(Object.fromEntries(catalogue.unknown.counts)).toEqual({
    "IO:FutureRead": 1,
    "Future:Event": 1,
    "wait/io/file/plugin/journal": 1,
    "wait/synch/mutex/plugin/lock": 1,
    "wait/future/thing": 1,
    "Waiting for the future": 2,
  });
});

it("remembers a hundred unknown names and counts all", () => {
  const catalogue = new WaitCatalogue();
  for (let name = 0; name < 500; name++) catalogue.mysql({ event: `wait/future/${name}` });
  expect(catalogue.unknown.total).toBe(500);
  expect(catalogue.unknown.counts.size).toBe(100);
});

/** Wait events of PostgreSQL 15, spelt as its program spells them; later releases write many of them in another way. */
const postgresql15: Readonly<Record<string, readonly string[]>> = {
  Activity: words(`
    ArchiverMain AutoVacuumMain BgWriterHibernate BgWriterMain CheckpointerMain LogicalApplyMain LogicalLauncherMain
    RecoveryWalStream SysLoggerMain WalReceiverMain WalSenderMain WalWriterMain`),
  BufferPin: words(`BufferPin`),
  Client: words(`
    ClientRead ClientWrite GSSOpenServer LibPQWalReceiverConnect LibPQWalReceiverReceive SSLOpenServer
    WalSenderWaitForWAL WalSenderWriteData`),
  Extension: words(`Extension`),
  IO: words(`
    BaseBackupRead BaseBackupSync BaseBackupWrite BufFileRead BufFileTruncate BufFileWrite ControlFileRead
    ControlFileSync ControlFileSyncUpdate ControlFileWrite ControlFileWriteUpdate CopyFileRead CopyFileWrite
    DataFileExtend DataFileFlush DataFileImmediateSync DataFilePrefetch DataFileRead DataFileSync DataFileTruncate
    DataFileWrite DSMFillZeroWrite LockFileAddToDataDirRead LockFileAddToDataDirSync LockFileAddToDataDirWrite
    LockFileCreateRead LockFileCreateSync LockFileCreateWrite LockFileReCheckDataDirRead
    LogicalRewriteCheckpointSync LogicalRewriteMappingSync LogicalRewriteMappingWrite LogicalRewriteSync
    LogicalRewriteTruncate LogicalRewriteWrite RelationMapRead RelationMapSync RelationMapWrite ReorderBufferRead
    ReorderBufferWrite ReorderLogicalMappingRead ReplicationSlotRead ReplicationSlotRestoreSync ReplicationSlotSync
    ReplicationSlotWrite SLRUFlushSync SLRURead SLRUSync SLRUWrite SnapbuildRead SnapbuildSync SnapbuildWrite
    TimelineHistoryFileSync TimelineHistoryFileWrite TimelineHistorySync TimelineHistoryWrite TwophaseFileRead
    TwophaseFileSync TwophaseFileWrite VersionFileSync VersionFileWrite WALBootstrapSync WALBootstrapWrite
    WALCopyRead WALCopySync WALCopyWrite WALInitSync WALInitWrite WALRead WALSenderTimelineHistoryRead WALSync
    WALSyncMethodAssign WALWrite`),
  IPC: words(`
    AppendReady ArchiveCleanupCommand ArchiveCommand BackendTermination BackupWaitWalArchive BgWorkerShutdown
    BgWorkerStartup BtreePage BufferIO CheckpointDone CheckpointStart ExecuteGather HashBatchAllocate HashBatchElect
    HashBatchLoad HashBuildAllocate HashBuildElect HashBuildHashInner HashBuildHashOuter HashGrowBatchesAllocate
    HashGrowBatchesDecide HashGrowBatchesElect HashGrowBatchesFinish HashGrowBatchesRepartition
    HashGrowBucketsAllocate HashGrowBucketsElect HashGrowBucketsReinsert LogicalSyncData LogicalSyncStateChange
    MessageQueueInternal MessageQueuePutMessage MessageQueueReceive MessageQueueSend ParallelBitmapScan
    ParallelCreateIndexScan ParallelFinish ProcArrayGroupUpdate Promote RecoveryConflictSnapshot
    RecoveryConflictTablespace RecoveryEndCommand RecoveryPause ReplicationOriginDrop ReplicationSlotDrop
    RestoreCommand SafeSnapshot SyncRep WalReceiverExit WalReceiverWaitStart XactGroupUpdate`),
  LWLock: words(`
    AddinShmemInit AutoFile Autovacuum AutovacuumSchedule BackgroundWorker BtreeVacuum BufferContent BufferMapping
    CheckpointerComm CommitTs CommitTsBuffer CommitTsSLRU ControlFile DynamicSharedMemoryControl LockFastPath
    LogicalRepWorker MultiXactGen MultiXactMemberBuffer MultiXactMemberSLRU MultiXactOffsetBuffer
    MultiXactOffsetSLRU MultiXactTruncation NotifyBuffer NotifyQueue NotifyQueueTail NotifySLRU OidGen
    OldSnapshotTimeMap ParallelAppend ParallelHashJoin ParallelQueryDSA PerSessionDSA PerSessionRecordType
    PerSessionRecordTypmod PerXactPredicateList PgStatsData PgStatsDSA PgStatsHash PredicateLockManager ProcArray
    RelationMapping RelCacheInit ReplicationOrigin ReplicationOriginState ReplicationSlotAllocation
    ReplicationSlotControl ReplicationSlotIO SerialBuffer SerializableFinishedList SerializablePredicateList
    SerializableXactHash SerialSLRU SharedTidBitmap SharedTupleStore ShmemIndex SInvalRead SInvalWrite
    SubtransBuffer SubtransSLRU SyncRep SyncScan TablespaceCreate TwoPhaseState WALBufMapping WALInsert WALWrite
    WrapLimitsVacuum XactBuffer XactSLRU XidGen`),
  Lock: words(`advisory extend frozenid object page relation spectoken transactionid tuple userlock virtualxid`),
  Timeout: words(`
    BaseBackupThrottle CheckpointWriteDelay PgSleep RecoveryApplyDelay RecoveryRetrieveRetryInterval
    RegisterSyncRequest VacuumDelay VacuumTruncate`),
};

it("knows the events of PostgreSQL 15", () => {
  const catalogue = new WaitCatalogue();
  for (const [type, events] of Object.entries(postgresql15)) {
    for (const event of events) expect(catalogue.postgresql({ type, event })).not.toBe("other");
  }
  expect([...catalogue.unknown.counts.keys()]).toEqual([]);
});
