import type { WaitCategory } from "../category.ts";
import { words } from "./words.ts";

/** Events by type and category. */
type EventTable = Readonly<Record<string, Partial<Readonly<Record<WaitCategory, readonly string[]>>>>>;

/**
 * Wait events of PostgreSQL 13 to 18: the view `pg_wait_events` of 17 and 18, and what older servers call otherwise, apart
 * from capitals. What they mean is told in the documentation, "The Cumulative Statistics System", tables of wait events. A
 * name can mean one thing as one type and something else as another.
 */
const table: EventTable = {
  Activity: {
    idle: words(`
      ArchiverMain AutovacuumMain BgwriterHibernate BgwriterMain CheckpointerMain CheckpointerShutdown IoWorkerMain
      LogicalApplyMain LogicalLauncherMain LogicalParallelApplyMain PgStatMain RecoveryWalStream
      ReplicationSlotsyncMain ReplicationSlotsyncShutdown SysloggerMain WalReceiverMain WalSenderMain WalSummarizerWal
      WalWriterMain`),
  },
  BufferPin: {
    buffer: words(`BufferPin`),
  },
  Client: {
    network: words(`ClientRead ClientWrite GssOpenServer SslOpenServer`),
    replication: words(`
      LibpqwalreceiverConnect LibpqwalreceiverReceive WaitForStandbyConfirmation WalSenderWaitForWal
      WalSenderWriteData`),
  },
  Extension: {
    extension: words(`Extension`),
  },
  IO: {
    io_data: words(`
      AioIoCompletion AioIoUringExecution AioIoUringSubmit BasebackupRead BasebackupSync BasebackupWrite
      ControlFileRead ControlFileSync ControlFileSyncUpdate ControlFileWrite ControlFileWriteUpdate CopyFileCopy
      CopyFileRead CopyFileWrite DataFileExtend DataFileFlush DataFileImmediateSync DataFilePrefetch DataFileRead
      DataFileSync DataFileTruncate DataFileWrite LockFileAddtodatadirRead LockFileAddtodatadirSync
      LockFileAddtodatadirWrite LockFileCreateRead LockFileCreateSync LockFileCreateWrite LockFileRecheckdatadirRead
      RelationMapRead RelationMapReplace RelationMapSync RelationMapWrite SlruFlushSync SlruRead SlruSync SlruWrite
      TwophaseFileRead TwophaseFileSync TwophaseFileWrite VersionFileSync VersionFileWrite`),
    io_temp: words(`BuffileRead BuffileTruncate BuffileWrite`),
    buffer: words(`DsmAllocate DsmFillZeroWrite`),
    replication: words(`
      LogicalChangesRead LogicalChangesWrite LogicalRewriteCheckpointSync LogicalRewriteMappingSync
      LogicalRewriteMappingWrite LogicalRewriteSync LogicalRewriteTruncate LogicalRewriteWrite LogicalSubxactRead
      LogicalSubxactWrite ReorderBufferRead ReorderBufferWrite ReorderLogicalMappingRead ReplicationSlotRead
      ReplicationSlotRestoreSync ReplicationSlotSync ReplicationSlotWrite SnapbuildRead SnapbuildSync SnapbuildWrite`),
    io_log: words(`
      TimelineHistoryFileSync TimelineHistoryFileWrite TimelineHistoryRead TimelineHistorySync TimelineHistoryWrite
      WalBootstrapSync WalBootstrapWrite WalCopyRead WalCopySync WalCopyWrite WalInitSync WalInitWrite WalRead
      WalsenderTimelineHistoryRead WalSummaryRead WalSummaryWrite WalSync WalSyncMethodAssign WalWrite`),
  },
  IPC: {
    parallel: words(`
      AppendReady BgworkerShutdown BgworkerStartup BtreePage ExecuteGather HashBatchAllocate HashBatchElect
      HashBatchLoad HashBuildAllocate HashBuildElect HashBuildHashInner HashBuildHashOuter HashGrowBatchesAllocate
      HashGrowBatchesDecide HashGrowBatchesElect HashGrowBatchesFinish HashGrowBatchesReallocate
      HashGrowBatchesRepartition HashGrowBucketsAllocate HashGrowBucketsElect HashGrowBucketsReallocate
      HashGrowBucketsReinsert MessageQueueInternal MessageQueuePutMessage MessageQueueReceive MessageQueueSend
      ParallelBitmapScan ParallelCreateIndexScan ParallelFinish`),
    io_log: words(`
      ArchiveCleanupCommand ArchiveCommand BackupWaitWalArchive RecoveryEndCommand RestoreCommand WalSummaryReady`),
    latch: words(`BackendTermination MultixactCreation ProcarrayGroupUpdate ProcSignalBarrier XactGroupUpdate`),
    io_data: words(`BufferIo CheckpointDelayComplete CheckpointDelayStart CheckpointDone CheckpointStart`),
    replication: words(`
      LogicalApplySendData LogicalParallelApplyStateChange LogicalSyncData LogicalSyncStateChange Promote
      RecoveryConflictSnapshot RecoveryConflictTablespace RecoveryPause ReplicationOriginDrop ReplicationSlotDrop
      SyncRep WalReceiverExit WalReceiverWaitStart`),
    lock_row: words(`SafeSnapshot`),
  },
  LWLock: {
    latch: words(`
      AddinShmemInit AutoFile Autovacuum AutovacuumSchedule BackgroundWorker BtreeVacuum CheckpointerComm CommitTs
      CommitTsBuffer CommitTsSLRU ControlFile DSMRegistry DSMRegistryDSA DSMRegistryHash DynamicSharedMemoryControl
      InjectionPoint LockFastPath LockManager MultiXactGen MultiXactMemberBuffer MultiXactMemberSLRU
      MultiXactOffsetBuffer MultiXactOffsetSLRU MultiXactTruncation NotifyBuffer NotifyQueue NotifyQueueTail
      NotifySLRU OidGen OldSnapshotTimeMap PerXactPredicateList PgStatsData PgStatsDSA PgStatsHash
      PredicateLockManager ProcArray RelationMapping RelCacheInit SerialBuffer SerialControl SerializableFinishedList
      SerializablePredicateList SerializableXactHash SerialSLRU ShmemIndex SInvalRead SInvalWrite SubtransBuffer
      SubtransSLRU SyncScan TablespaceCreate TwoPhaseState WaitEventCustom WaitEventExtension WrapLimitsVacuum
      XactBuffer XactSLRU XactTruncation XidGen`),
    io_data: words(`AioUringCompletion AioWorkerSubmissionQueue`),
    buffer: words(`BufferContent BufferMapping`),
    replication: words(`
      LogicalRepLauncherDSA LogicalRepLauncherHash LogicalRepWorker ReplicationOrigin ReplicationOriginState
      ReplicationSlotAllocation ReplicationSlotControl ReplicationSlotIO SyncRep`),
    parallel: words(`
      ParallelAppend ParallelBtreeScan ParallelHashJoin ParallelQueryDSA ParallelVacuumDSA PerSessionDSA
      PerSessionRecordType PerSessionRecordTypmod SharedTidBitmap SharedTupleStore`),
    io_log: words(`WALBufMapping WALInsert WALSummarizer WALWrite`),
  },
  Lock: {
    lock_user: words(`advisory userlock`),
    replication: words(`applytransaction`),
    lock_table: words(`extend page relation virtualxid`),
    lock_metadata: words(`frozenid object`),
    lock_row: [...words(`spectoken transactionid tuple`), "speculative token"],
  },
  Timeout: {
    sleep: words(`BaseBackupThrottle CheckpointWriteDelay PgSleep VacuumDelay WalSummarizerError`),
    replication: words(`RecoveryApplyDelay RecoveryRetrieveRetryInterval`),
    io_data: words(`RegisterSyncRequest`),
    latch: words(`SpinDelay`),
    lock_table: words(`VacuumTruncate`),
  },
};

/** Where names fall that a later release or an extension brings. */
const categoryOfType: Readonly<Record<string, WaitCategory>> = {
  Activity: "idle",
  BufferPin: "buffer",
  Client: "network",
  Extension: "extension",
  InjectionPoint: "extension",
  IO: "io_data",
  IPC: "parallel",
  LWLock: "latch",
  Lock: "lock_table",
  Timeout: "sleep",
};

/** The events of one type, as the newest release writes them and in lower case. */
export interface EventType {
  readonly events: ReadonlyMap<string, WaitCategory>;
  readonly fallback: WaitCategory;
  /** Whether names that no table knows are to be expected: extensions give their own. */
  readonly open: boolean;
}

/** By type, as the newest release writes it and in lower case. */
export const postgresqlEventTypes: ReadonlyMap<string, EventType> = new Map(
  Object.entries(categoryOfType).flatMap(([type, fallback]) => {
    const events = Object.entries(table[type] ?? {}).flatMap(([category, names]) =>
      names.flatMap((name) => spellings(name).map((spelling) => [spelling, category as WaitCategory] as const)),
    );
    const eventType: EventType = { events: new Map(events), fallback, open: fallback === "extension" };
    return spellings(type).map((spelling) => [spelling, eventType] as const);
  }),
);

function spellings(name: string): readonly string[] {
  return [name, name.toLowerCase()];
}
